-- Answers healed, gen and end of the live code, tries left, pause, lock.
if not v then return { healed .. ' 0 0 0 0 0' } end
local locked, pause, left = 0, 0, 0
local wrongs = w1 * 256 + w2
local window = (((((s1 * 256 + s2) * 256 + s3) * 256 + s4) * 256 + s5) * 256 + s6) * 256 + s7 + WINDOW - now
if window <= 0 then wrongs = 0 end
if wrongs >= GUESSES then locked = math.min(window, WINDOW) end
local max, length = { MAX1, MAX2, MAX3, MAX4 }, { LENGTH1, LENGTH2, LENGTH3, LENGTH4 }
for i = 1, SENDS do
  local c, d, a1, a2, a3, a4, a5, a6, a7 = byte(v, 56 + 9 * i, 64 + 9 * i)
  if a7 and c * 256 + d >= max[i] then
    local start = (((((a1 * 256 + a2) * 256 + a3) * 256 + a4) * 256 + a5) * 256 + a6) * 256 + a7
    locked = math.max(locked, math.min(start - start % 1000 + length[i] - now, length[i]))
  end
end
if state ~= 3 then pause = math.max(0, math.min(sent + RESEND - now, RESEND)) end
local ends = sent + ((((t1 * 256 + t2) * 256 + t3) * 256 + t4) * 256 + t5) * 256 + t6
if state ~= 1 or now >= ends then
  gen, ends = 0, 0
else
  left = math.max(0, math.min(l1 * 256 + l2, GUESSES - wrongs))
end
return { string.format('%.0f %.0f %.0f %.0f %.0f %.0f', healed, gen, ends, left, pause, locked) }

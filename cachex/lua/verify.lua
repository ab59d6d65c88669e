-- Answers the tries that try.lua didn't.
if not v then return NOT_FOUND + healed end
if right then
  call('SETRANGE', key, '14', '\2\0\0\0\0\0\0\0\0\0\0\0' .. nonce .. '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0')
  return healed
end
if again and state == 2 then return healed end
if again and live then return MISMATCH + healed + UNIT * math.max(0, left) end
if wrongs >= GUESSES then return { string.format('%.0f', LOCKED + healed + UNIT * math.min(window, WINDOW)) } end
if not live then return NOT_FOUND + healed end
return { string.format('%.0f', TOO_MANY + healed + UNIT * math.max(0, math.min(sent + RESEND - now, RESEND))) }

-- What wrk has measured, as one line of JSON. Times are in microseconds.
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\nreport {"Requests":%d,"Duration":%d,"P50":%.0f,"P99":%.0f,"Connect":%d,"Read":%d,"Write":%d,"Status":%d,"Timeout":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect, e.read, e.write, e.status, e.timeout))
end

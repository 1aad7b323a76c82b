-- The questions of a file, one request target a line, asked by turns; the figures as one line of JSON.
-- wrk -s server_load.lua http://127.0.0.1:8000 -- FILE [FIRST]

local requests = {}
local at = 0

function init(args)
  for line in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", line)
  end
  at = tonumber(args[2] or "0") % #requests
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "failed": %d, "status": %d, "p50": %.6f, "p99": %.6f}\n',
    summary.requests, summary.duration / 1e6, failed, errors.status,
    latency:percentile(50) / 1e6, latency:percentile(99) / 1e6))
end

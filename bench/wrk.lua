-- What wrk sends: a request for each line of a file, in turn, each thread from a place of its own.
local threads = 0

function setup(thread)
	thread:set("number", threads)
	threads = threads + 1
end

function init()
	local headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("BENCH_KEY")}
	ready = {}
	for line in io.lines(os.getenv("BENCH_BODIES")) do
		ready[#ready + 1] = wrk.format("POST", "/v1/screenings", headers, line)
	end
	at = number * math.floor(#ready / 2)
end

function request()
	at = at % #ready + 1
	return ready[at]
end

function done(summary, latency)
	local e = summary.errors
	io.write(string.format('{"requests":%d,"microseconds":%d,"failed":%d,"p50":%d,"p99":%d,"p999":%d}\n',
		summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
		latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end

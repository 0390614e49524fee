// Asks a server with autocannon and prints one line of JSON a level: what autocannon counted, and percentiles of all
// response times. Arguments: the folder with node_modules, a JSON file {url, bodies}, and levels as connections:seconds
// or connections:xREQUESTS.
import { createRequire } from "node:module"
import { readFileSync } from "node:fs"

const [folder, file, ...levels] = process.argv.slice(2)
const autocannon = createRequire(folder + "/")("autocannon")
const { url, bodies } = JSON.parse(readFileSync(file, "utf8"))
const requests = bodies.map((body) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
}))

for (const level of levels) {
  const [connections, amount] = level.split(":")
  const times = []
  const limit = amount.startsWith("x") ? { amount: Number(amount.slice(1)) } : { duration: Number(amount) }
  const result = await new Promise((resolve, reject) => {
    const run = autocannon({ url, requests, connections: Number(connections), ...limit }, (error, found) =>
      error ? reject(error) : resolve(found)
    )
    run.on("response", (_client, _status, _bytes, milliseconds) => times.push(milliseconds))
  })
  times.sort((a, b) => a - b)
  const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))]
  console.log(
    JSON.stringify({
      connections: Number(connections),
      requests: times.length,
      seconds: result.duration,
      good: result["2xx"],
      other: result.non2xx,
      errors: result.errors + result.timeouts,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
    })
  )
}

// A login page in Node as the incident's was: no keep-alive, so each request says `close`.
// Prints the latency of each request in milliseconds, as one JSON array.
'use strict'

const http = require('node:http')

const [url, requests] = process.argv.slice(-2)
const agent = new http.Agent({ keepAlive: false })
const headers = { 'user-agent': 'login-page (node)' }

function logIn () {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint()
    http.get(url, { agent, headers }, (response) => {
      response.on('error', reject)
      response.on('end', () => resolve(Number(process.hrtime.bigint() - start) / 1e6))
      response.resume()
    }).on('error', reject)
  })
}

async function main () {
  const latencies = []
  while (latencies.length < Number(requests)) latencies.push(await logIn())
  console.log(JSON.stringify(latencies))
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})

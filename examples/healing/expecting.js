// Uploads that wait for word to send their body, as large ones do: where the handler doesn't want it,
// the response comes instead. Prints the latency of the request after each in milliseconds, as one
// JSON array, null where it failed.
'use strict'

const http = require('node:http')

const [url, requests] = process.argv.slice(-2)
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
const size = 10 * 1024 * 1024

function upload () {
  return new Promise((resolve) => {
    const headers = { expect: '100-continue', 'content-length': size }
    const request = http.request(url + '/unread', { agent, method: 'POST', headers })
    request.on('continue', () => request.end(Buffer.alloc(size)))
    request.on('error', resolve)
    request.on('response', (response) => {
      request.end()
      response.on('error', resolve).on('end', resolve).resume()
    })
    request.flushHeaders()
  })
}

function follow () {
  return new Promise((resolve) => {
    const start = process.hrtime.bigint()
    http.get(url + '/', { agent }, (response) => {
      response.on('error', () => resolve(null))
      response.on('end', () => resolve(Number(process.hrtime.bigint() - start) / 1e6))
      response.resume()
    }).on('error', () => resolve(null))
  })
}

async function main () {
  const latencies = []
  while (latencies.length < Number(requests)) {
    await upload()
    latencies.push(await follow())
  }
  console.log(JSON.stringify(latencies))
}

main()

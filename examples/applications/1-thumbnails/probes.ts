import { createServer, type Server } from 'node:http'
import type { Connection } from 'leveret'

/** `/live` and `/ready` for Kubernetes. */
export function createProbes(rabbit: Connection): Server {
  return createServer(({ url }, response) => {
    const health = rabbit.health()
    const holds = url === '/live' ? health.live : url === '/ready' && health.ready
    response.writeHead(holds ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify(health))
  })
}

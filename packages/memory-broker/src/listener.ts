import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/** Only programs of this machine can connect: the broker is for tests, and trusts whoever knows `guest`. */
export const LOOPBACK = '127.0.0.1'

/** Listens for connections on the loopback interface, on the same port each time. */
export class Listener {
  readonly #accept: (socket: Socket) => void
  #port: number
  #server: Server | undefined

  /** @param port - 0 for a free one */
  constructor(port: number, accept: (socket: Socket) => void) {
    this.#port = port
    this.#accept = accept
  }

  get port(): number {
    return this.#port
  }

  /** @throws Error the port is taken */
  async open(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer({ noDelay: true }, this.#accept)
    this.#server = server
    server.listen(this.#port, LOOPBACK)
    await once(server, 'listening')
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.#port = address.port
  }

  /** Takes no more connections; those that there are stay. */
  close(): void {
    this.#server?.close()
    this.#server = undefined
  }
}

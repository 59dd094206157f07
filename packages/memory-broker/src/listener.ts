import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/** The loopback address. Only programs on this machine can connect, because anyone can log in as `guest`. */
export const LOOPBACK = '127.0.0.1'

/** Listens for connections on the loopback interface, on the same port each time. */
export class Listener {
  readonly #accept: (socket: Socket) => void
  #port: number
  #server: Server | undefined

  /** @param port - the port; 0 for a free one */
  constructor(port: number, accept: (socket: Socket) => void) {
    this.#port = port
    this.#accept = accept
  }

  get port(): number {
    return this.#port
  }

  /** @throws Error if the port is taken */
  async open(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer({ noDelay: true }, this.#accept)
    this.#server = server
    server.listen(this.#port, LOOPBACK)
    await once(server, 'listening')
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.#port = address.port
  }

  /** Accepts no more connections. Existing connections stay. */
  close(): void {
    this.#server?.close()
    this.#server = undefined
  }
}

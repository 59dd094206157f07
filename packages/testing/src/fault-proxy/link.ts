import { connect, type Socket } from 'node:net'
import { Transform, type TransformCallback } from 'node:stream'
import { Line, type LineRules } from './line.js'

/** Options of {@link Link}. */
export interface LinkSettings extends LineRules {
  readonly host: string
  readonly port: number
  /** How many bytes from the server pass before the link is cut; `undefined` for all. */
  readonly cutAfterServerBytes: number | undefined
}

/** A client's connection and the proxy's connection to the server, as one. Each direction ends by itself, as in TCP. */
export class Link {
  readonly #client: Socket
  readonly #settings: LinkSettings
  readonly #onGone: () => void
  readonly #scissors: Scissors
  #server: Socket | undefined

  constructor(client: Socket, settings: LinkSettings, onGone: () => void) {
    this.#client = client
    this.#settings = settings
    this.#onGone = onGone
    this.#scissors = new Scissors(settings.cutAfterServerBytes)
    client.setNoDelay(true)
    client.once('close', () => this.#whenBothClosed())
    client.on('error', () => void this.#whenOpen(() => resetSocket(this.#server)))
    if (settings.cutAfterServerBytes === 0) this.cut()
    else void this.#whenOpen(() => this.#dial())
  }

  /** Sends RST in both directions. */
  reset(): void {
    resetSocket(this.#client)
    resetSocket(this.#server)
  }

  /** Sends FIN in both directions. */
  end(): void {
    this.#client.end()
    this.#server?.end()
  }

  /** Destroys both sockets, as when the process in between died. */
  cut(): void {
    this.#client.destroy()
    this.#server?.destroy()
  }

  /** Destroys both sockets after exactly this many more bytes from the server; `undefined` for never. */
  cutAfterMoreServerBytes(bytes: number | undefined): void {
    if (bytes === 0) this.cut()
    else this.#scissors.left = bytes ?? Number.POSITIVE_INFINITY
  }

  #dial(): void {
    if (this.#client.destroyed) return
    const { host, port } = this.#settings
    const server = connect({ host, port, noDelay: true, allowHalfOpen: true })
    this.#server = server
    server.on('error', () => void this.#whenOpen(() => resetSocket(this.#client)))
    server.once('close', () => this.#whenBothClosed())
    this.#client.pipe(new Line(this.#settings)).pipe(server)
    // 'finish' says that the last bytes before the cut are on their way to the client.
    this.#client.once('finish', () => {
      if (this.#scissors.left === 0) this.cut()
    })
    server.pipe(new Line(this.#settings)).pipe(this.#scissors).pipe(this.#client)
  }

  #whenBothClosed(): void {
    if (this.#client.closed && this.#server?.closed !== false) this.#onGone()
  }

  /** Waits for the end of a black hole, because the end of one side must not reach the other side through it. */
  async #whenOpen(act: () => void): Promise<void> {
    await this.#settings.open()
    act()
  }
}

/** Sends RST. A socket whose FIN is on its way cannot be reset: Node.js would report EINVAL, and never close it. */
function resetSocket(socket: Socket | undefined): void {
  if (socket?.writableEnded === true && !socket.writableFinished) socket.destroy()
  else socket?.resetAndDestroy()
}

/** Passes exactly this many bytes, then ends and discards the rest. */
class Scissors extends Transform {
  /** How many bytes may still pass. */
  left: number

  constructor(bytes = Number.POSITIVE_INFINITY) {
    super()
    this.left = bytes
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const passed = chunk.subarray(0, this.left)
    if (passed.length > 0) this.push(passed)
    if (passed.length > 0 && passed.length === this.left) this.push(null)
    this.left -= passed.length
    done()
  }
}

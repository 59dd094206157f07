import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { freePort } from '../ports.js'
import { type Address, addressOf } from './address.js'
import { Link } from './link.js'

/** Options of {@link startFaultProxy}. */
export interface FaultProxyOptions {
  /**
   * Target of the proxy: an `amqp:` or `amqps:` URL, whose host is a name or an IP address, also IPv6.
   * {@link FaultProxy.url} keeps its credentials and vhost. TLS passes unchanged, so a client checks the broker's
   * certificate against the broker's own name: pass that name as `servername`.
   */
  readonly to: string
}

/**
 * Starts a TCP proxy in front of a broker, on a free port of this host. Its links can be made to fail.
 *
 * @throws Error if `options.to` is not an AMQP URL
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new FaultProxy(options, await freePort())
  await proxy.accept()
  return proxy
}

/** A wire to a broker that fails on demand. It passes bytes with back-pressure and adds no error of its own. */
export class FaultProxy implements AsyncDisposable {
  readonly #target: string
  readonly #address: Address
  readonly #port: number
  readonly #links = new Set<Link>()
  #server: Server | undefined
  #latencyMs = 0
  #cutAfterServerBytes: number | undefined
  #hole: { readonly healed: Promise<void>; readonly heal: () => void } | undefined

  /** @internal use {@link startFaultProxy} */
  constructor({ to }: FaultProxyOptions, port: number) {
    this.#target = to
    this.#address = addressOf(to)
    this.#port = port
  }

  /** URL of the broker with the proxy's port. */
  get url(): string {
    return this.urlFor(this.#target)
  }

  /** How many links are open. */
  get connections(): number {
    return this.#links.size
  }

  /** Returns another URL of the same broker, such as that of a vhost, led through the proxy. */
  urlFor(url: string): string {
    const changed = new URL(url)
    changed.hostname = '127.0.0.1'
    changed.port = String(this.#port)
    return changed.href
  }

  /** Sends RST on every current link: the peer sees ECONNRESET. */
  reset(): void {
    for (const link of this.#links) link.reset()
  }

  /** Sends FIN on every current link: the peer sees an orderly end. */
  end(): void {
    for (const link of this.#links) link.end()
  }

  /**
   * Lets nothing through in either direction, on current links and on new ones, which are accepted and stay silent.
   *
   * Nothing is lost: `heal()` delivers what was held back, as TCP does after a broken cable is repaired.
   */
  blackHole(): void {
    if (this.#hole !== undefined) return
    let heal = () => {}
    const healed = new Promise<void>((resolve) => {
      heal = resolve
    })
    this.#hole = { healed, heal }
  }

  /** Ends the black hole. */
  heal(): void {
    this.#hole?.heal()
    this.#hole = undefined
  }

  /** Refuses new connections with ECONNREFUSED. Current links continue. */
  refuse(): void {
    this.#server?.close()
    this.#server = undefined
  }

  /** Accepts connections again, on the same port. */
  async accept(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const link: Link = new Link(client, this.#linkSettings(), () => this.#links.delete(link))
      this.#links.add(link)
    })
    this.#server = server
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    server.unref()
  }

  /** Cuts every later connection after exactly this many bytes from the server; `undefined` stops that. */
  cutAfterServerBytes(bytes: number | undefined): void {
    this.#cutAfterServerBytes = bytes
  }

  /** Cuts every current connection after exactly this many more bytes from the server; `undefined` stops that. */
  cutAfterMoreServerBytes(bytes: number | undefined): void {
    for (const link of this.#links) link.cutAfterMoreServerBytes(bytes)
  }

  /** Delays all bytes from now on, in both directions. */
  latency(ms: number): void {
    this.#latencyMs = ms
  }

  /** Cuts every link and frees the port. Safe to call twice. */
  async close(): Promise<void> {
    this.refuse()
    for (const link of this.#links) link.cut()
    this.heal()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #linkSettings() {
    return {
      ...this.#address,
      cutAfterServerBytes: this.#cutAfterServerBytes,
      latencyMs: () => this.#latencyMs,
      open: () => this.#untilHealed(),
    }
  }

  async #untilHealed(): Promise<void> {
    while (this.#hole !== undefined) await this.#hole.healed
  }
}

import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { freePort } from '../ports.js'
import { type Address, addressOf } from './address.js'
import { Link } from './link.js'

/** Where {@link startFaultProxy} leads. */
export interface FaultProxyOptions {
  /**
   * An `amqp:` or `amqps:` URL; its host is a name or an IP address, IPv6 too. Credentials and vhost are kept in
   * {@link FaultProxy.url}. TLS passes as it is, so a client verifies the broker's certificate by the broker's own name: give it
   * that as its `servername`.
   */
  readonly to: string
}

/**
 * Starts a TCP proxy in front of a broker, on a free port of this host, whose links can be made to fail.
 *
 * @throws Error `options.to` is no AMQP URL
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

  /** The broker's URL with the proxy's port. */
  get url(): string {
    return this.urlFor(this.#target)
  }

  /** How many links are open. */
  get connections(): number {
    return this.#links.size
  }

  /** Another URL of the same broker, such as a vhost's, led through the proxy. */
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

  /** Sends FIN on every current link: the peer sees the end, in order. */
  end(): void {
    for (const link of this.#links) link.end()
  }

  /**
   * Lets nothing through, either way, on current links and on new ones, which are accepted and stay silent.
   *
   * Nothing is lost: as TCP would after a broken cable is mended, `heal()` delivers what was held back.
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

  /** Refuses new connections with ECONNREFUSED. Current links go on. */
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

  /** Cuts every later connection when exactly so many bytes came from the server; `undefined` stops that. */
  cutAfterServerBytes(bytes: number | undefined): void {
    this.#cutAfterServerBytes = bytes
  }

  /** Cuts every current connection when exactly so many more bytes came from the server; `undefined` stops that. */
  cutAfterMoreServerBytes(bytes: number | undefined): void {
    for (const link of this.#links) link.cutAfterMoreServerBytes(bytes)
  }

  /** Delays what passes, each way, from now on. */
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

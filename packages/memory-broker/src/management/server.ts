import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Broker } from '../broker/broker.js'
import { ReplyError } from '../broker/rules/reply-error.js'
import { LOOPBACK } from '../listener.js'
import type { Sessions } from '../sessions.js'
import { fromByteText, toByteText } from '../wire/byte-text.js'
import { HttpError } from './http-error.js'
import { type Answer, findRoute } from './routes.js'

/** The longest body of a request. Longer ones are refused. */
const MAX_BODY_BYTES = 32 * 1024 * 1024

/** Serves the part of RabbitMQ's management API that tests and tools use. */
export class ManagementServer {
  readonly #broker: Broker
  readonly #sessions: Sessions
  #port: number
  #server: Server | undefined

  constructor(broker: Broker, sessions: Sessions, port: number) {
    this.#broker = broker
    this.#sessions = sessions
    this.#port = port
  }

  get port(): number {
    return this.#port
  }

  /** @throws Error if the port is taken */
  async open(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer((request, response) => void this.#answer(request, response))
    this.#server = server
    server.listen(this.#port, LOOPBACK)
    await once(server, 'listening')
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.#port = address.port
  }

  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      send(response, await this.#run(request))
    } catch (error) {
      send(response, refusal(error))
    }
  }

  async #run(request: IncomingMessage): Promise<Answer> {
    if (!this.#isKnown(request.headers.authorization)) throw new HttpError(401, 'not_authorized', 'Login failed')
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const found = findRoute(request.method ?? 'GET', pathname)
    if (found === undefined) throw new HttpError(404, 'Object Not Found', 'Not Found')
    const body = await readBody(request)
    const reason = request.headers['x-reason']
    return found.handle({
      broker: this.#broker,
      sessions: this.#sessions,
      names: found.names.map(toByteText),
      body,
      reason: typeof reason === 'string' ? reason : undefined,
    })
  }

  #isKnown(authorization = ''): boolean {
    const [user = '', ...password] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':')
    return this.#broker.access.isPassword(user, password.join(':'))
  }
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > MAX_BODY_BYTES) throw new HttpError(413, 'bad_request', 'the request is too long')
    chunks.push(chunk as Buffer)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  if (text === '') return {}
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed !== 'object' || parsed === null) throw new HttpError(400, 'bad_request', 'the body is no object')
  return mapTexts(parsed, toByteText) as Readonly<Record<string, unknown>>
}

/** Changes every text in a JSON value, including the names of properties. */
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [change(name), mapTexts(item, change)]))
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(mapTexts(body, fromByteText))
  response.writeHead(status, body === undefined ? {} : { 'content-type': 'application/json' })
  response.end(text)
}

function refusal(error: unknown): Answer {
  if (error instanceof HttpError) return { status: error.status, body: { error: error.error, reason: error.reason } }
  // RabbitMQ answers with 400 where AMQP would close a channel, and with 404 for a thing that does not exist.
  if (error instanceof ReplyError)
    return { status: error.code === 404 ? 404 : 400, body: { error: 'bad_request', reason: error.message } }
  return { status: 400, body: { error: 'bad_request', reason: String(error) } }
}

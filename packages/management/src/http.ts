/** The error when the management API refuses a request, or cannot be reached. */
export class ManagementError extends Error {
  override readonly name = 'ManagementError'
  readonly method: string
  readonly path: string
  /** The HTTP status; 0 when no answer came. */
  readonly status: number
  /** The body of the answer. */
  readonly body: string

  constructor(request: { method: string; path: string }, answer: { status: number; body: string; cause?: unknown }) {
    super(`${request.method} ${request.path}: ${answer.status || 'no answer'} ${answer.body}`.trimEnd(), {
      cause: answer.cause,
    })
    this.method = request.method
    this.path = request.path
    this.status = answer.status
    this.body = answer.body
  }
}

/** A request of the management API. */
export interface ManagementRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** The path below `/api`, with every name percent-encoded. */
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Options of {@link Management}. */
export interface ManagementOptions {
  /** How long a node may take to answer, in milliseconds, from 1. A paused node never answers. @defaultValue 10_000 */
  readonly timeoutMs?: number | undefined
}

/** Sends each request to the first of several nodes that answers. */
export class ManagementHttp {
  readonly #nodes: readonly { readonly base: string; readonly authorization: string }[]

  readonly #timeoutMs: number

  /** @param urls - one URL for each node, as `http://user:password@host:port` */
  constructor(urls: readonly string[], { timeoutMs = 10_000 }: ManagementOptions = {}) {
    this.#nodes = urls.map(parse)
    this.#timeoutMs = timeoutMs
  }

  /** Returns the parsed answer to a GET. */
  async get<Answer>(path: string): Promise<Answer> {
    return await this.send({ method: 'GET', path })
  }

  /** Returns the time of the answer to a GET, from its `Date` header; `undefined` without that header. */
  async date(path: string): Promise<Date | undefined> {
    const { date } = await this.#answer({ method: 'GET', path })
    return date === null ? undefined : new Date(date)
  }

  /**
   * @returns the parsed answer; `undefined` for an empty one
   * @throws {@link ManagementError} if the status is not 2xx, or no node answered
   */
  async send<Answer>(request: ManagementRequest): Promise<Answer> {
    const { body } = await this.#answer(request)
    return (body === '' ? undefined : JSON.parse(body)) as Answer
  }

  async #answer(request: ManagementRequest): Promise<{ body: string; date: string | null }> {
    const failures: { readonly base: string; readonly error: unknown }[] = []
    for (const node of this.#nodes) {
      const answer = await this.#ask(node, request)
        .catch((error: unknown) => (isIdleClosed(error) ? this.#ask(node, request) : Promise.reject(error)))
        .catch((error: unknown) => void failures.push({ base: node.base, error }))
      if (answer === undefined) continue
      if (!answer.ok) throw new ManagementError(request, answer)
      return answer
    }
    const body = failures.map(({ base, error }) => `${base}: ${reason(error)}`).join('; ')
    throw new ManagementError(request, { status: 0, body, cause: failures[0]?.error })
  }

  async #ask({ base, authorization }: { base: string; authorization: string }, request: ManagementRequest) {
    const response = await fetch(`${base}/api${request.path}`, {
      method: request.method,
      headers: { authorization, 'content-type': 'application/json', ...request.headers },
      signal: AbortSignal.timeout(this.#timeoutMs),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    const { ok, status, headers } = response
    return { ok, status, date: headers.get('date'), body: await response.text() }
  }
}

function parse(url: string): { base: string; authorization: string } {
  const parsed = new URL(url)
  const [user, password] = [parsed.username || 'guest', parsed.password || 'guest'].map(decodeURIComponent)
  const base = `${parsed.protocol}//${parsed.host}${parsed.pathname}`.replace(/\/(api\/?)?$/, '')
  return { base, authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

/** Whether the node closed an idle connection just as the request came, so that it was not read. */
function isIdleClosed(error: unknown): boolean {
  const { cause } = error as { cause?: { message?: string } }
  return cause?.message === 'other side closed'
}

/** Returns the reason of a failed request: the cause of fetch's error, which itself says only "fetch failed". */
function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || ('code' in cause ? String(cause.code) : cause.name)
}

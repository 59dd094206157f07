/** The management API refuses a request. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number
  readonly error: string
  readonly reason: string

  constructor(status: number, error: string, reason: string) {
    super(reason)
    this.status = status
    this.error = error
    this.reason = reason
  }
}

/** The answer to a request for what is not there. */
export function notFound(): HttpError {
  return new HttpError(404, 'Object Not Found', 'Not Found')
}

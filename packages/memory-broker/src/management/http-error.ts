/** The error when the management API refuses a request. */
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

/** Returns the error for a thing that does not exist. */
export function notFound(): HttpError {
  return new HttpError(404, 'Object Not Found', 'Not Found')
}

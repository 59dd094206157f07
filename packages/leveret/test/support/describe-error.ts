import { inspect } from 'node:util'
import { LeveretError } from '../../src/index.js'

/** What a caller decides by, and what a person reads. */
export function describeError(error: unknown): string {
  if (!(error instanceof LeveretError)) return inspect(error)
  const { reason, outcome, replyCode, argument, direction } = error as unknown as Record<string, unknown>
  const deciding = reason ?? outcome ?? replyCode ?? argument ?? direction
  const decision = [error.name, ...(deciding === undefined ? [] : [deciding]), error.retryable ? 'retryable' : 'final']
  return `  ${decision.join(' ')}\n  ${masked(error.message)}`
}

/** Without what differs from run to run. */
function masked(message: string): string {
  return (
    message
      .replaceAll(/test-[0-9a-f-]{36}/g, '<vhost>')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>')
      .replaceAll(/\d+\.\d+\.\d+\.\d+:\d+/g, '<host>:<port>')
      // Newer brokers also say which right is missing.
      .replaceAll(/: (configure|write|read) access to/g, ': access to')
      .replaceAll(/Is \d+ a/g, 'Is <port> a')
  )
}

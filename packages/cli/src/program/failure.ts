import { ManagementError } from '@leveret/management'
import { BrokerError, ConnectionError, LeveretError, OptionsError, PayloadError, PublishError } from 'leveret'
import { EXIT, type ExitCode, NotDoneError, UsageError } from './exit.js'

/** Returns the exit code of an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError || error instanceof OptionsError) return EXIT.usage
  if (error instanceof ConnectionError) return EXIT.refused
  if (isForbidden(error)) return EXIT.refused
  if (error instanceof ManagementError) return [0, 401, 403, 404].includes(error.status) ? EXIT.refused : EXIT.found
  return EXIT.found
}

/** Whether the broker refused an operation for lack of permission (403). A failed publish has that as its cause. */
function isForbidden(error: unknown): boolean {
  const reason = error instanceof PublishError ? error.cause : error
  return reason instanceof BrokerError && reason.replyCode === 403
}

/** Describes an error, in lines. */
export function linesOf(error: unknown): readonly string[] {
  if (error instanceof PayloadError) {
    const where = error.direction === 'outgoing' ? 'not sent' : 'received'
    return [
      `The payload does not fit '${error.contract}' (${where}):`,
      ...error.issues.map(({ path, message }) => `  ${path.join('.') || '(the value itself)'}: ${message}`),
    ]
  }
  if (error instanceof ManagementError) return managementLines(error)
  if (error instanceof LeveretError || error instanceof UsageError || error instanceof NotDoneError)
    return [error.message]
  return [error instanceof Error ? `${error.name}: ${error.message}` : String(error)]
}

function managementLines(error: ManagementError): readonly string[] {
  const { status, method, path } = error
  if (status === 0) {
    return [
      `The management API does not answer: ${error.body}`,
      'Give its address with --management http://host:15672 or RABBITMQ_MANAGEMENT_URL. It is a plugin: rabbitmq-plugins enable rabbitmq_management',
    ]
  }
  if (status === 401 || status === 403) {
    return [
      `The management API refused ${method} ${path.replace(/\?.*/, '')} (${status}).`,
      `The name or password is wrong, or the user has no tag: rabbitmqctl set_user_tags <user> ${method === 'GET' ? 'monitoring' : 'policymaker'}`,
    ]
  }
  const vhost = /^\/\w+\/([^/?]+)/.exec(path)?.[1]
  if (status === 404 && vhost !== undefined) {
    return [
      `The management API has no vhost '${decodeURIComponent(vhost)}'.`,
      'The URL of the broker names the vhost: amqp://user:password@host:5672/vhost. Encode a slash in it as %2F.',
    ]
  }
  return [error.message]
}

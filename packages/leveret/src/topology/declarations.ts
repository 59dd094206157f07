import type { BrokerNeed } from '../amqp/broker-identity.js'
import type { QueueDeclaration } from '../amqp/declaration.js'
import type { DeadLetterSettings } from '../contract/queues/dead-letter-options.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import { nativeRetryOf, type RetryPolicy } from '../contract/queues/retry.js'

/** The number of deliveries without an ack at which RabbitMQ dead-letters a message. Its own default since 4.0. */
const DELIVERY_LIMIT = 20

/**
 * A limit that is never reached in practice. RabbitMQ 3 has no value for "no limit", and a consumer that requeues at
 * once reaches a million within minutes.
 */
const DEAD_LETTER_DELIVERY_LIMIT = 2 ** 31 - 1

/** Older versions accept the arguments, and delay nothing. */
const NATIVE_RETRY: BrokerNeed = {
  since: '4.3',
  feature: 'retry.native',
  instead: 'give the contract retry: { delaysMs }, which every version supports',
}

/**
 * The declarations that must be made before a task can be sent. The dead-letter queue comes first, so that no message
 * is dead-lettered to a queue that does not exist yet.
 *
 * The arguments are a wire format: if one changes, the declaration of every existing queue fails.
 *
 * @see https://www.rabbitmq.com/docs/quorum-queues#dead-lettering
 */
export function queueDeclarationsOf(contract: QueueContract): readonly QueueDeclaration[] {
  const known = declarations.get(contract)
  if (known !== undefined) return known
  const made = declarationsFor(contract)
  declarations.set(contract, made)
  return made
}

/** The lists by contract. A contract always has the same list, so all that share the contract share its declaration. */
const declarations = new WeakMap<QueueContract, readonly QueueDeclaration[]>()

function declarationsFor(contract: QueueContract): readonly QueueDeclaration[] {
  const { name, queue, retry, deadLetter, existing } = contract
  const work: QueueDeclaration = {
    kind: 'queue',
    name,
    durable: queue.durable,
    ...(queue.arguments?.['x-queue-type'] === 'stream' ? { part: 'stream' } : {}),
    ...(existing ? { existing, arguments: {} } : { arguments: queue.arguments ?? workArguments(contract) }),
    ...(nativeRetryOf(retry) === undefined ? {} : { needs: NATIVE_RETRY }),
  }
  return deadLetter === false ? [work] : [deadLetterQueue(deadLetter), work]
}

/** The declarations that must be made before a task can be delayed. The same contract and delay give the same list. */
export function delayedDeclarationsOf(
  contract: QueueContract,
  delayMs: number,
): readonly [...QueueDeclaration[], QueueDeclaration] {
  const byDelay = delayed.get(contract) ?? new Map<number, readonly [...QueueDeclaration[], QueueDeclaration]>()
  delayed.set(contract, byDelay)
  const known = byDelay.get(delayMs)
  if (known !== undefined) return known
  const made = [...queueDeclarationsOf(contract), delayQueue(contract, delayMs)] as const
  byDelay.set(delayMs, made)
  return made
}

const delayed = new WeakMap<QueueContract, Map<number, readonly [...QueueDeclaration[], QueueDeclaration]>>()

/** The queue in which a copy of a failed task waits until its next attempt is due. */
export function delayQueue(contract: QueueContract, delayMs: number): QueueDeclaration {
  return {
    kind: 'queue',
    name: delayQueueName(contract.name, delayMs),
    durable: true,
    part: 'delay',
    // Never x-expires: publishing does not renew it, so the queue would be deleted with its messages.
    arguments: {
      'x-queue-type': 'quorum',
      'x-message-ttl': delayMs,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': contract.name,
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    },
  }
}

/** `thumbnails.retry.30000` */
export function delayQueueName(queue: string, delayMs: number): string {
  return `${queue}.retry.${delayMs}`
}

function deadLetterQueue(settings: DeadLetterSettings): QueueDeclaration {
  const declared = settings.existing
    ? ({ existing: true, arguments: {} } as const)
    : { arguments: settings.arguments ?? DEAD_LETTER_ARGUMENTS[settings.type] }
  return { kind: 'queue', name: settings.queue, durable: true, part: 'dead-letter', ...declared }
}

/**
 * The arguments of dead-letter queues. A quorum queue drops nothing: neither a letter that was peeked at often, nor the
 * oldest letter when an operator's policy limits the length. A classic queue is declared as other programs have made
 * it.
 */
const DEAD_LETTER_ARGUMENTS: Readonly<Record<DeadLetterSettings['type'], Readonly<Record<string, unknown>>>> = {
  quorum: {
    'x-queue-type': 'quorum',
    'x-overflow': 'reject-publish',
    'x-delivery-limit': DEAD_LETTER_DELIVERY_LIMIT,
  },
  classic: { 'x-queue-type': 'classic' },
}

function workArguments(contract: QueueContract): Record<string, unknown> {
  const { queue } = contract
  const settings = queue.settings === 'policy' ? [] : Object.entries(changeableSettings(contract))
  return {
    'x-queue-type': queue.type,
    ...Object.fromEntries(settings.map(([name, value]) => [`x-${name}`, value])),
    ...(queue.singleActive ? { 'x-single-active-consumer': true } : {}),
    ...(queue.consumerTimeoutMs === undefined ? {} : { 'x-consumer-timeout': queue.consumerTimeoutMs }),
    ...(queue.maxPriority === undefined ? {} : { 'x-max-priority': queue.maxPriority }),
  }
}

/** The settings that a policy can make in place of the queue's arguments, by their names in a policy. */
export function changeableSettings({ queue, deadLetter, retry }: QueueContract): Record<string, unknown> {
  const quorum = queue.type === 'quorum'
  return {
    ...(deadLetter === false ? {} : { 'dead-letter-exchange': '', 'dead-letter-routing-key': deadLetter.queue }),
    ...(quorum && deadLetter !== false ? { 'dead-letter-strategy': 'at-least-once', overflow: 'reject-publish' } : {}),
    ...(quorum ? { 'delivery-limit': deliveryLimitOf(retry) } : {}),
    ...nativeSettings(retry),
  }
}

/** How often RabbitMQ redelivers a message that was not settled. */
export function deliveryLimitOf(retry: RetryPolicy | false): number {
  const native = nativeRetryOf(retry)
  return native === undefined ? DELIVERY_LIMIT : native.attempts - 1
}

/** @see https://www.rabbitmq.com/docs/quorum-queues */
function nativeSettings(retry: RetryPolicy | false): Record<string, unknown> {
  const native = nativeRetryOf(retry)
  if (native === undefined) return {}
  return {
    'delayed-retry-type': 'failed',
    'delayed-retry-min': native.minMs,
    'delayed-retry-max': native.maxMs,
  }
}

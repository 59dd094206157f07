/**
 * Headers that RabbitMQ and its plugins write, or read as their own, each with the source for that. A message on which
 * the sender sets one would look as if the broker had written it. Other headers that begin with `x-` are free: tracing
 * (`x-b3-*`, `x-datadog-*`), `x-request-id`, and headers that plugins expect from senders (`x-delay`,
 * `x-deduplication-header`, `x-stream-filter-value`).
 */
const BROKER_HEADERS: ReadonlyMap<string, string> = new Map([
  ['x-death', 'https://www.rabbitmq.com/docs/dlx#effects'],
  ['x-first-death-queue', 'https://www.rabbitmq.com/docs/dlx#effects'],
  ['x-first-death-reason', 'https://www.rabbitmq.com/docs/dlx#effects'],
  ['x-first-death-exchange', 'https://www.rabbitmq.com/docs/dlx#effects'],
  ['x-last-death-queue', 'https://www.rabbitmq.com/docs/dlx#effects'],
  ['x-last-death-reason', 'https://www.rabbitmq.com/docs/dlx#effects'],
  ['x-last-death-exchange', 'https://www.rabbitmq.com/docs/dlx#effects'],
  ['x-delivery-count', 'https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling'],
  ['x-acquired-count', 'https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling'],
  ['x-stream-offset', 'https://www.rabbitmq.com/docs/streams#consuming'],
  ['x-received-from', 'rabbit_federation.hrl: the way of a message, to find cycles'],
  ['x-shovelled', 'https://www.rabbitmq.com/docs/shovel-dynamic#reference'],
  ['x-shovelled-timestamp', 'https://www.rabbitmq.com/docs/shovel-dynamic#reference'],
  ['x-queue-name', 'a name that the STOMP plugin reads'],
  ['x-mqtt-publish-qos', 'what an MQTT publisher asked for, as the MQTT plugin records it'],
  // RabbitMQ rebuilds messages of other protocols from these.
  ['x-amqp-1.0-properties', 'https://github.com/rabbitmq/rabbitmq-server/blob/main/deps/rabbit/src/mc_amqpl.erl'],
  ['x-amqp-1.0-app-properties', 'https://github.com/rabbitmq/rabbitmq-server/blob/main/deps/rabbit/src/mc_amqpl.erl'],
  [
    'x-amqp-1.0-message-annotations',
    'https://github.com/rabbitmq/rabbitmq-server/blob/main/deps/rabbit/src/mc_amqpl.erl',
  ],
  ['x-amqp-1.0-footer', 'https://github.com/rabbitmq/rabbitmq-server/blob/main/deps/rabbit/src/mc_amqpl.erl'],
  ['x-opt-deaths', 'https://github.com/rabbitmq/rabbitmq-server/blob/main/deps/rabbit/src/mc_amqpl.erl'],
  [
    'x-opt-rabbitmq-received-time',
    'https://github.com/rabbitmq/rabbitmq-server/blob/main/deps/rabbit/src/mc_amqpl.erl',
  ],
  // RabbitMQ delays a message with one of these, or does not deliver it at all.
  ['x-opt-delivery-time', 'https://www.rabbitmq.com/docs/quorum-queues#explicit-delivery-time'],
  ['x-opt-deferral-token', 'https://github.com/rabbitmq/rabbitmq-server/pull/13885'],
])

/**
 * Headers with further routing keys. RabbitMQ reads them in capital letters only.
 * @see https://www.rabbitmq.com/docs/sender-selected
 */
const ROUTING = { CC: 'cc', BCC: 'bcc' } as const

/** A quick first check: most header names do not match. */
const MAY_BE_RESERVED = /^(?:leveret-|x-|B?CC$)/i

/** Explains why a sender may not set a header of this name; `undefined` when it may be set. */
function reservedHeaderProblem(name: string): string | undefined {
  if (!MAY_BE_RESERVED.test(name)) return undefined
  const lower = name.toLowerCase()
  if (lower.startsWith('leveret-')) return `${name}: names that begin with 'leveret-' are reserved`
  if (BROKER_HEADERS.has(lower)) return `${name}: RabbitMQ itself writes it, or acts on it`
  if (name !== 'CC' && name !== 'BCC') return undefined
  return `${name}: it routes the message to more queues: use the option ${ROUTING[name]}`
}

/**
 * Headers that route, count or delay a message. A copy that kept them would be routed, counted or delayed a second
 * time. RabbitMQ 4.4 hides messages that have `x-opt-delivery-time` or `x-opt-deferral-token`.
 */
const NOT_COPIED =
  /^(?:CC|BCC|x-delay|x-death|x-first-death-.*|x-last-death-.*|x-delivery-count|x-acquired-count|x-stream-offset|x-opt-delivery-time|x-opt-deferral-token|leveret-delay-.*)$/

/** Whether a copy of a message keeps a header of this name. */
export function isCopied(name: string): boolean {
  return !NOT_COPIED.test(name)
}

/** Explains why a sender may not set one of these headers; `undefined` when all may be set. */
export function reservedHeadersProblem(headers: object): string | undefined {
  for (const name of Object.keys(headers)) {
    const problem = reservedHeaderProblem(name)
    if (problem !== undefined) return problem
  }
  return undefined
}

/**
 * Headers that RabbitMQ and its plugins write, or act on as their own, with where that is said. A sender who sets one would be taken for the
 * broker. Others that begin with `x-` are anybody's: tracing (`x-b3-*`, `x-datadog-*`), `x-request-id`, and what plugins ask senders for
 * (`x-delay`, `x-deduplication-header`, `x-stream-filter-value`).
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
  // What another protocol's message is made of again.
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
  // A message with one of these is held back, or not delivered at all.
  ['x-opt-delivery-time', 'https://www.rabbitmq.com/docs/quorum-queues#explicit-delivery-time'],
  ['x-opt-deferral-token', 'https://github.com/rabbitmq/rabbitmq-server/pull/13885'],
])

/** Routing keys of further queues. RabbitMQ reads them in these letters only. @see https://www.rabbitmq.com/docs/sender-selected */
const ROUTING = { CC: 'cc', BCC: 'bcc' } as const

/** Most names begin otherwise. */
const MAY_BE_RESERVED = /^(?:leveret-|x-|B?CC$)/i

/** Why a sender may not set a header of this name; `undefined` when he may. */
function reservedHeaderProblem(name: string): string | undefined {
  if (!MAY_BE_RESERVED.test(name)) return undefined
  const lower = name.toLowerCase()
  if (lower.startsWith('leveret-')) return `${name}: names that begin with 'leveret-' are reserved`
  if (BROKER_HEADERS.has(lower)) return `${name}: RabbitMQ itself writes it, or acts on it`
  if (name !== 'CC' && name !== 'BCC') return undefined
  return `${name}: it routes the message to further queues: use the option ${ROUTING[name]}`
}

/**
 * Headers that route, count or hold back a message: on a copy they would do it a second time. RabbitMQ 4.4 hides what has one of the last
 * two.
 */
const NOT_COPIED =
  /^(?:CC|BCC|x-delay|x-death|x-first-death-.*|x-last-death-.*|x-delivery-count|x-acquired-count|x-stream-offset|x-opt-delivery-time|x-opt-deferral-token|leveret-delay-.*)$/

/** Whether a copy of a message keeps a header of this name. */
export function isCopied(name: string): boolean {
  return !NOT_COPIED.test(name)
}

/** Why a sender may not set one of these headers; `undefined` when he may set them all. */
export function reservedHeadersProblem(headers: object): string | undefined {
  for (const name of Object.keys(headers)) {
    const problem = reservedHeaderProblem(name)
    if (problem !== undefined) return problem
  }
  return undefined
}

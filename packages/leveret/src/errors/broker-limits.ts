/**
 * RabbitMQ's reply texts for a limit that is reached, each with the next step. The caller fills in the names in
 * capitals.
 */
const LIMITS: readonly (readonly [text: RegExp, step: string])[] = [
  [
    /user connection limit/,
    `Connect less often (each connect may take two), or raise the limit: rabbitmqctl set_user_limits USER '{"max-connections": N}'`,
  ],
  [/node connection limit/, 'Connect to another node, or raise connection_max in its rabbitmq.conf'],
  [
    /: connection limit \(\d+\) is reached/,
    `Connect less often (each connect may take two), or raise the limit: rabbitmqctl set_vhost_limits -p VHOST '{"max-connections": N}'`,
  ],
  [
    /^number of channels opened .* user limit/s,
    `Close roles, or raise the limit: rabbitmqctl set_user_limits USER '{"max-channels": N}'`,
  ],
  [/^number of channels opened /, 'Close roles, or raise channel_max_per_node in the rabbitmq.conf of the node'],
  [
    /queue limit in vhost .* is reached/s,
    `Delete unused queues, or raise the limit: rabbitmqctl set_vhost_limits -p VHOST '{"max-queues": N}'`,
  ],
]

/** Returns the next step for a reply text that reports a reached limit; `undefined` for any other text. */
export function limitStep(replyText: string): string | undefined {
  return LIMITS.find(([text]) => text.test(replyText))?.[1]
}

/** What RabbitMQ says when a limit is reached, and what to do then. The names in it are the caller's to fill in. */
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
    `Delete queues that nobody uses, or raise the limit: rabbitmqctl set_vhost_limits -p VHOST '{"max-queues": N}'`,
  ],
]

/** What to do about the limit of which the broker says that it is reached; `undefined` when it says something else. */
export function limitStep(replyText: string): string | undefined {
  return LIMITS.find(([text]) => text.test(replyText))?.[1]
}

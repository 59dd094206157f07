import type { MemoryBroker } from './memory-broker.js'

/** Returns the text that the program prints when it is ready. */
export function banner({ version, url, managementUrl }: MemoryBroker): string {
  return [
    `A broker in memory that behaves like RabbitMQ ${version}. It is for tests and tries, not for production:`,
    'nothing is kept when it ends, it has no TLS, and it listens on this machine only.',
    '',
    `  AMQP        ${url}`,
    `  management  ${managementUrl}`,
    '',
    'Ctrl+C ends it.',
    '',
  ].join('\n')
}

export const usage = `Usage: memory-broker [--port 5672] [--management-port 0] [--like 3.10|4.0|4.3] [--transient-queues]

Starts a broker in memory that behaves like RabbitMQ, for tests and tries. It listens on 127.0.0.1 only and keeps nothing.

  --port              the port of AMQP; 0 for a free one (default: 5672)
  --management-port   the port of the management API; 0 for a free one (default: 0)
  --like              the version of RabbitMQ to behave like (default: 4.3)
  --transient-queues  allow transient queues that are not exclusive, whatever the version does
`

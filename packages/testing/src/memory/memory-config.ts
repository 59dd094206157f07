import type { MemoryBrokerOptions } from '@leveret/memory-broker'
import { NoBrokerError } from '../errors.js'

/** Settings of `rabbitmq.conf` that a broker in memory has too. */
const SETTINGS: Readonly<Record<string, keyof MemoryBrokerOptions>> = {
  channel_max: 'channelMax',
  frame_max: 'frameMax',
  heartbeat: 'heartbeatSeconds',
}

/**
 * Reads lines of `rabbitmq.conf`.
 *
 * @throws {@link NoBrokerError} if a broker in memory has no such setting
 */
export function configOf(lines: readonly string[]): MemoryBrokerOptions {
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', value = ''] = line.split('=').map((part) => part.trim())
      const option = SETTINGS[name]
      if (option === undefined)
        throw new NoBrokerError(`A broker in memory does not support ${name}; use a real RabbitMQ.`)
      return [option, Number(value)]
    }),
  )
}

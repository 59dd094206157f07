import type { MemoryBroker } from '@leveret/memory-broker'
import { NoBrokerError } from '../errors.js'

/** The share of the memory below which a watermark counts as a request for the alarm. */
const ALARM_BELOW = 0.01

/**
 * Runs one of the supported commands of `rabbitmqctl`.
 *
 * @throws {@link NoBrokerError} if the command is not supported
 */
export function memoryCtl(broker: MemoryBroker, [command = '', ...args]: readonly string[]): string {
  switch (command) {
    case 'version':
      return `${broker.version}\n`
    case 'set_vm_memory_high_watermark':
      if (Number(args[0]) < ALARM_BELOW) broker.blockPublishers('memory')
      else broker.unblockPublishers('memory')
      return ''
    case 'close_all_connections':
      broker.closeConnections(320, args.join(' '))
      return ''
    default:
      throw new NoBrokerError(`A broker in memory cannot run ${[command, ...args].join(' ')}; use a real RabbitMQ.`)
  }
}

import { setTimeout as delay } from 'node:timers/promises'
import { type Fault, repeatedly } from './fault.js'

const MEMORY_LIMIT = 'vm_memory_high_watermark'

/** Fault: the broker accepts no publishes, and acks must go on. */
export const memoryAlarm: Fault = {
  name: 'memory-alarm',
  summary: 'the broker raises a memory alarm for 20 s (quick: 3 s), and blocks publishers',
  scope: 'broker',
  strike: async (stage) => {
    const { broker } = stage
    await repeatedly(stage, 'memory-alarm', 1, async () => {
      // RabbitMQ checks its memory only from time to time. Setting the limit makes it check at once.
      await broker.ctl('eval', `application:set_env(rabbit, ${MEMORY_LIMIT}, 0.000001).`)
      await broker.ctl('set_vm_memory_high_watermark', '0.000001')
      await delay(stage.span(3_000, 20_000))
      await broker.ctl('set_vm_memory_high_watermark', '0.6')
    })
  },
}

/** Fault: the same for the disk. */
export const diskAlarm: Fault = {
  name: 'disk-alarm',
  summary: 'the broker raises a disk alarm for 20 s (quick: 3 s), and blocks publishers',
  scope: 'broker',
  strike: async (stage) => {
    await repeatedly(stage, 'disk-alarm', 1, async () => {
      await stage.broker.ctl('set_disk_free_limit', '1000000GB')
      await delay(stage.span(3_000, 20_000))
      await stage.broker.ctl('set_disk_free_limit', '50MB')
    })
  },
}

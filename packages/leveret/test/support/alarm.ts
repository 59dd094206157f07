import type { RabbitMQ } from '@leveret/testing'

const LIMIT = 'vm_memory_high_watermark'

/** Has a broker believe that its memory is full: it accepts no publishes until {@link clearAlarm}. */
export async function raiseAlarm(broker: RabbitMQ): Promise<void> {
  if (broker.driver !== 'memory') await broker.ctl('eval', `application:set_env(rabbit, ${LIMIT}, 0.000001).`)
  await broker.ctl('set_vm_memory_high_watermark', '0.000001')
}

/** Ends what {@link raiseAlarm} began. */
export async function clearAlarm(broker: RabbitMQ): Promise<void> {
  await broker.ctl('set_vm_memory_high_watermark', '0.6')
}

import { test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { hasPika, leveret, PAIRS, said, start } from './programs.js'

/** RabbitMQ 4 with its own configuration for the tests refuses the transient queue of the oldest tutorials. */
const permitsTransient = (version: string): boolean => Number(version.split('.')[0]) < 4

test('pika takes part', ({ skip }) => {
  if (!hasPika()) skip('python3-pika is not installed, so leveret meets only plain amqplib here')
})

describe('hello', () => {
  test('prints what the tutorial prints', async ({ vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    const receive = start(leveret, 'receive', env)
    await receive.printed(' [*] Waiting for messages in hello. To exit press CTRL+C')
    const send = start(leveret, 'send', env)
    expect(await send.ended()).toBe(0)
    expect(send.lines).toEqual([' [x] Sent Hello World!'])
    await receive.printed(' [x] Received Hello World!')
    expect(await receive.interrupt()).toBe(0)
    // Beside what the tutorial prints, a warning: its queue keeps no dead letters.
    expect(said(receive)).toHaveLength(2)
  })

  test.for(PAIRS)('goes from $sender.name to $receiver.name', async ({ sender, receiver }, { vhost }) => {
    const env = { RABBITMQ_URL: vhost.url }
    const send = start(sender, 'send', env)
    expect(await send.ended()).toBe(0)
    expect(said(send)).toEqual([' [x] Sent Hello World!'])
    const receive = start(receiver, 'receive', env)
    await receive.printed(' [x] Received Hello World!')
    await receive.printed(' [*] Waiting for messages in hello. To exit press CTRL+C')
  })

  test.for(PAIRS)(
    'goes from $sender.name to $receiver.name through the classic queue, where RabbitMQ permits it',
    async ({ sender, receiver }, { vhost, broker }) => {
      const env = { RABBITMQ_URL: vhost.url, TUTORIAL_QUEUES: 'classic' }
      const send = start(sender, 'send', env)
      if (permitsTransient(broker.version)) {
        expect(await send.ended()).toBe(0)
        await start(receiver, 'receive', env).printed(' [x] Received Hello World!')
      } else {
        expect(await send.ended()).not.toBe(0)
        expect(send.lines.join('\n')).toContain('transient_nonexcl_queues')
      }
    },
  )
})

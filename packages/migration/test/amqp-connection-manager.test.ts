import { startFaultProxy } from '@leveret/testing'
import { eventually, test } from '@leveret/testing/vitest'
import { expect, onTestFinished } from 'vitest'
import { migration, ran, told } from './migration.js'

const folder = 'amqp-connection-manager'

test('leveret and amqp-connection-manager share an exchange, a binding and a classic queue, over a lost connection too', async ({
  vhost,
}) => {
  const { old, leveret } = migration(folder, { RABBITMQ_URL: vhost.url })
  await ran(old('send', '1', '2'))
  const proxy = await startFaultProxy({ to: vhost.url })
  onTestFinished(() => proxy.close())
  const { leveret: cut } = migration(folder, { RABBITMQ_URL: proxy.url })
  const now = cut('biller')
  await told('billed', [now], [1, 2])
  // An ack that is still on its way when the connection is cut would bring its task again.
  await eventually(async () => expect(await vhost.queue('billing')).toMatchObject({ messages: 0 }))

  proxy.reset()
  await now.printed(/^disconnected: /)
  await eventually(() => expect(now.lines.filter((line) => line === 'connected for consume')).toHaveLength(2))
  const before = old('work')
  await before.printed('billing')
  const ids = Array.from({ length: 20 }, (_, index) => index + 20)
  await Promise.all([
    ran(old('send', ...ids.slice(0, 10).map(String))),
    ran(leveret('send', ...ids.slice(10).map(String))),
  ])
  await told('billed', [now, before], [1, 2, ...ids])

  expect(await now.terminate()).toBe(0)
  await ran(leveret('send', '3'))
  await before.printed('billed 3')
  expect(await before.terminate()).toBe(0)
})

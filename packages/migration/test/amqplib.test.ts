import { eventually, test } from '@leveret/testing/vitest'
import { expect } from 'vitest'
import { migration, ran, told } from './migration.js'

test('leveret and amqplib share a classic queue as amqplib declared it, in both directions and at once', async ({
  vhost,
}) => {
  const { old, leveret } = migration('amqplib', { RABBITMQ_URL: vhost.url })
  await ran(old('send', '1', '2'))
  const now = leveret('worker')
  await told('packed', [now], [1, 2])

  // Both take from it.
  const before = old('work')
  await before.printed('packing')
  const ids = Array.from({ length: 20 }, (_, index) => index + 20)
  await Promise.all([
    ran(old('send', ...ids.slice(0, 10).map(String))),
    ran(leveret('send', ...ids.slice(10).map(String))),
  ])
  await told('packed', [now, before], [1, 2, ...ids])

  // What is sent by leveret is understood by the old one alone.
  expect(await now.terminate()).toBe(0)
  expect(await ran(leveret('send', '3'))).toEqual(['sent 1'])
  await before.printed('packed 3')
  expect(await before.terminate()).toBe(0)
})

test('what either of them refuses is one kind of dead letter, and can be replayed', async ({ vhost }) => {
  const { old, leveret } = migration('amqplib', { RABBITMQ_URL: vhost.url })
  const before = old('work')
  await before.printed('packing')
  await ran(leveret('send', '13'))
  await before.printed('refused 13')
  expect(await before.terminate()).toBe(0)

  const now = leveret('worker')
  await ran(old('send', '13'))
  await eventually(async () =>
    expect((await ran(leveret('letters'))).toSorted()).toEqual([
      '13: rejected, by another program',
      '13: rejected, there is no such order',
    ]),
  )
  expect(await now.terminate()).toBe(0)

  expect((await ran(leveret('letters', 'replay'))).at(-1)).toBe('replayed 2')
  const { leveret: mended } = migration('amqplib', { RABBITMQ_URL: vhost.url, KNOWN: 'all' })
  const worker = mended('worker')
  await told('packed', [worker], [13, 13])
  expect(await worker.terminate()).toBe(0)
})

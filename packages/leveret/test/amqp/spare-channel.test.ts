import { expect } from 'vitest'
import type { Channel } from '../../src/amqp/channel.js'
import { internalsOf } from '../../src/connection/connection.js'
import { BrokerError } from '../../src/index.js'
import { eventually, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const ALWAYS = new AbortController().signal
const MISSING = { name: 'BrokerError', replyCode: 404 }

test('what needs a channel for a moment shares one, which is replaced after a refusal and closed in the end', async ({
  rabbit,
  vhost,
}) => {
  const { spare } = internalsOf(rabbit).publishLane
  const used = new Set<Channel>()
  const ask = async (n: number): Promise<unknown> =>
    await spare
      .use(ALWAYS, async (channel) => {
        used.add(channel)
        if (n === 50) return await channel.checkQueue('missing')
        return await channel.prefetch(n)
      })
      .catch((error: unknown) => error)
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => ask(n)))
  expect(answers.filter((answer) => answer instanceof BrokerError)).toMatchObject([MISSING])
  expect(answers[50]).toMatchObject(MISSING)
  expect(used.size).toBe(2)
  await eventually(async () => expect(await vhost.channels()).toEqual([]))
})

test('work that does not end delays no other work', async ({ rabbit }) => {
  const { spare } = internalsOf(rabbit).publishLane
  const hanging = new AbortController()
  const stuck = Array.from({ length: 3 }, () => spare.use(hanging.signal, () => new Promise<never>(() => undefined)))
  for (const work of stuck) work.catch(() => undefined)
  await Promise.all(Array.from({ length: 20 }, () => spare.use(ALWAYS, (channel) => channel.prefetch(1))))
  hanging.abort(new Error('enough'))
  await expect(Promise.all(stuck)).rejects.toThrow('enough')
})

test('an aborted job fails at once and never starts', async ({ rabbit }) => {
  const { spare } = internalsOf(rabbit).publishLane
  const begun: string[] = []
  let goOn = (): void => undefined
  const first = spare.use(ALWAYS, async () => {
    begun.push('first')
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
  })
  const impatient = new AbortController()
  const second = spare.use(impatient.signal, async () => void begun.push('second'))
  const third = spare.use(ALWAYS, async () => void begun.push('third'))
  await eventually(() => expect(begun).toEqual(['first']))
  impatient.abort(new Error('given up'))
  await expect(second).rejects.toThrow('given up')
  goOn()
  await Promise.all([first, third])
  expect(begun).toEqual(['first', 'third'])
})

test('when no channel can be opened, every waiting job fails with the reason', async ({ connectTo, proxy, vhost }) => {
  const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
  const { spare } = internalsOf(rabbit).publishLane
  proxy.refuse()
  proxy.reset()
  await eventually(() => expect(rabbit.state).toBe('reconnecting'))
  const works = Array.from({ length: 10 }, () => spare.use(ALWAYS, (channel) => channel.prefetch(1)))
  const ends = Promise.allSettled(works)
  await rabbit.close({ timeoutMs: 100 })
  for (const end of await ends) expect(end).toMatchObject({ status: 'rejected', reason: { name: 'ClosedError' } })
})

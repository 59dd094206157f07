import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { Producer, Worker, workQueue } from '../../src/index.js'
import { test } from '../support/support.js'

test('a worker is warned of a queue that may drop what it delivered too often; a sender is not, nor is one of a queue that drops nothing', async ({
  rabbit,
}) => {
  const dropping = workQueue('dropping', { payload: z.string(), deadLetter: false, retry: false })
  const warnings: string[] = []
  const onWarning = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  await new Producer(rabbit, dropping).send('x')
  await new Worker(rabbit, dropping, () => undefined).start()
  for (const [name, args] of [
    ['keeping', { 'x-queue-type': 'classic' }],
    ['without a limit', { 'x-queue-type': 'quorum', 'x-delivery-limit': 2_147_483_647 }],
  ] as const) {
    const keeping = workQueue(name, {
      payload: z.string(),
      deadLetter: false,
      retry: false,
      queue: { arguments: args },
    })
    await new Worker(rabbit, keeping, () => undefined).start()
    expect(warnings.filter((text) => text.includes(`'${name}'`))).toEqual([])
  }
  expect(warnings.filter((text) => text.includes("'dropping' has no dead letters"))).toHaveLength(1)
})

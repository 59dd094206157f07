import { connect, Worker, workQueue } from 'leveret'
import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { testOn } from '../src/vitest/index.js'

const test = testOn('memory')

// The test must fail for what it leaves, so it is one whose failure is what is expected.
test.fails('a test that leaves a role open fails', async ({ vhost }) => {
  const rabbit = await connect(vhost.url)
  onTestFinished(async () => await rabbit.close())
  await new Worker(rabbit, workQueue('left', { payload: z.string() }), () => undefined).start()
  expect(rabbit.health().roles).toHaveLength(1)
})

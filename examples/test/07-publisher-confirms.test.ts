import { eventually, test } from '@leveret/testing/vitest'
import { expect } from 'vitest'
import { leveret, start } from './programs.js'

test('publisher confirms: says how long each way took, and all is stored', async ({ vhost }) => {
  const program = start(leveret, 'publisher-confirms', { RABBITMQ_URL: vhost.url })
  expect(await program.ended()).toBe(0)
  expect(program.lines).toEqual([
    expect.stringMatching(/^Published 1000 messages individually in \d+ ms$/),
    expect.stringMatching(/^Published 1000 messages in batches of 100 in \d+ ms$/),
    expect.stringMatching(/^Published 1000 messages asynchronously in \d+ ms$/),
  ])
  await eventually(async () => expect(await vhost.queue('publisher_confirms')).toMatchObject({ messages: 3_000 }))
})

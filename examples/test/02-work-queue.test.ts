import { test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { amqplib, leveret, PAIRS, said, start } from './programs.js'

const forms = [{}, { TUTORIAL_QUEUES: 'classic' }]

describe.for(forms)('a work queue (%j)', (form) => {
  test('prints what the tutorial prints', async ({ vhost }) => {
    const env = { RABBITMQ_URL: vhost.url, ...form }
    const worker = start(leveret, 'worker', env)
    await worker.printed(' [*] Waiting for messages. To exit press CTRL+C')
    const task = start(leveret, 'new-task', env, 'First', 'message.')
    expect(await task.ended()).toBe(0)
    expect(task.lines).toEqual([" [x] Sent 'First message.'"])
    await worker.printed(' [x] Done')
    expect(worker.lines).toContain(' [x] Received First message.')
    expect(await worker.interrupt()).toBe(0)
  })

  test.for(PAIRS)('carries a task from $sender.name to $receiver.name', async ({ sender, receiver }, { vhost }) => {
    const env = { RABBITMQ_URL: vhost.url, ...form }
    const task = start(sender, 'new-task', env, 'A', 'task')
    expect(await task.ended()).toBe(0)
    expect(said(task)).toEqual([" [x] Sent 'A task'"])
    const worker = start(receiver, 'worker', env)
    await worker.printed(' [x] Done')
    await worker.printed(' [*] Waiting for messages. To exit press CTRL+C')
    expect(worker.lines).toContain(' [x] Received A task')
  })

  test('gives a task to another worker when the first is killed over it', async ({ vhost }) => {
    const env = { RABBITMQ_URL: vhost.url, ...form }
    const first = start(leveret, 'worker', env)
    await start(leveret, 'new-task', env, 'long', '.'.repeat(100)).ended()
    await first.printed(` [x] Received long ${'.'.repeat(100)}`)
    first.kill()
    await start(amqplib, 'worker', env).printed(` [x] Received long ${'.'.repeat(100)}`)
  })

  test('lets a stopped worker finish its task', async ({ vhost }) => {
    const env = { RABBITMQ_URL: vhost.url, ...form }
    const worker = start(leveret, 'worker', env)
    await start(leveret, 'new-task', env, 'two seconds..').ended()
    await worker.printed(' [x] Received two seconds..')
    expect(await worker.interrupt()).toBe(0)
    expect(worker.lines.at(-1)).toBe(' [x] Done')
  })
})

import { eventually, test } from '@leveret/testing/vitest'
import { connect } from 'leveret'
import { expect } from 'vitest'
import { EmailService, type Mailer } from '../../applications/6-nest/email-service.js'

test('a provider works from onModuleInit on, and finishes running work before onApplicationShutdown ends', async ({
  vhost,
}) => {
  let begun = (): void => undefined
  let finish = (): void => undefined
  const begins = new Promise<void>((resolve) => {
    begun = resolve
  })
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const delivered: string[] = []
  const mailer: Mailer = {
    deliver: async ({ to }) => {
      begun()
      await finished
      delivered.push(to)
    },
  }
  const service = new EmailService(await connect(vhost.url), mailer)
  await service.onModuleInit()
  expect(service.isReady()).toBe(true)
  await service.send('ann@example.com', 'hello')
  await begins

  const shutdown = service.onApplicationShutdown()
  expect(service.isReady()).toBe(false)
  finish()
  await shutdown
  expect(delivered).toEqual(['ann@example.com'])
  // The management API counts late.
  await eventually(async () => expect(await vhost.queue('emails')).toMatchObject({ messages: 0 }))
  await expect(service.send('bob@example.com', 'too late')).rejects.toMatchObject({ outcome: 'not-sent' })
})

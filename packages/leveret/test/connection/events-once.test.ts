import { expect } from 'vitest'
import { application, connect, declarationsOf, Producer, Worker, workQueue } from '../../src/index.js'
import { eventually, tasks, test } from '../support/support.js'

test('a listener of `once` hears of the next event only, and can be taken away before', async ({ rabbit }) => {
  const heard: string[] = []
  const worker = new Worker(rabbit, tasks, () => undefined)
  const never = (): void => void heard.push('never')
  worker.once('delivery.acked', ({ messageId }) => heard.push(`once ${messageId}`))
  worker.once('delivery.acked', never).off('delivery.acked', never)
  worker.on('delivery.acked', ({ messageId }) => heard.push(`on ${messageId}`))
  await worker.start()
  const producer = new Producer(rabbit, tasks)
  const ids: string[] = []
  for (const n of [1, 2]) ids.push((await producer.send({ n })).messageId)
  await eventually(() => expect(heard).toEqual([`once ${ids[0]}`, `on ${ids[0]}`, `on ${ids[1]}`]))
})

test('a connection has it too', async ({ vhost }) => {
  const rabbit = await connect(vhost.url)
  const heard: string[] = []
  rabbit.once('closed', () => heard.push('closed'))
  await rabbit.close()
  expect(heard).toEqual(['closed'])
})

test('several applications and contracts are declared as one list, each thing once', () => {
  const mails = workQueue('mails', { payload: tasks.payload })
  const one = application({ name: 'one', version: '1', works: [tasks] })
  const other = application({ name: 'other', version: '1', works: [tasks, mails] })
  expect(declarationsOf([one, other])).toEqual(declarationsOf([tasks, mails]))
  expect(declarationsOf([one, mails])).toEqual(declarationsOf([tasks, mails]))
})

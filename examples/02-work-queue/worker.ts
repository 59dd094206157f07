import { setTimeout as sleep } from 'node:timers/promises'
import { closeOnSignals, connect, Worker } from 'leveret'
import { taskQueue } from './queue.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
// A worker that is stopped finishes its task; one that is killed has not acknowledged it, and another one gets it.
closeOnSignals(rabbit)

// One task at a time: the broker gives the next one to whichever worker is free.
const worker = new Worker(rabbit, taskQueue, work, { concurrency: 1 })
await worker.start()
console.log(' [*] Waiting for messages. To exit press CTRL+C')

async function work(task: string): Promise<void> {
  console.log(` [x] Received ${task}`)
  await sleep(1_000 * (task.split('.').length - 1))
  console.log(' [x] Done')
}

import { connect } from 'amqplib'
import { inPace } from './pace.js'
import type { Task } from './task.js'

// The messages come from a separate process, so that only their delivery costs the measured one.
const { url, queue, content, ...pace } = JSON.parse(process.argv[2] ?? '') as Task
const connection = await connect(url, { noDelay: true })
const channel = await connection.createConfirmChannel()
const bytes = Buffer.from(content)
await inPace(pace, (settled) => {
  channel.sendToQueue(queue, bytes, { persistent: true, contentType: 'application/json' }, settled)
})
await connection.close()
console.log('{}')

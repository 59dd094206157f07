import { createServer, type IncomingMessage, type Server } from 'node:http'
import { json } from 'node:stream/consumers'
import { type Producer, PublishError } from 'leveret'
import { thumbnails } from './contracts.js'

interface Answer {
  readonly status: number
  readonly body: object
}

/** `POST /thumbnails`: 202 when the broker has stored the task, 400 when it does not fit, 503 when to try again. */
export function createApi(producer: Producer<typeof thumbnails>): Server {
  return createServer(async (request, response) => {
    const { status, body } = await answer(request, producer)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
}

async function answer(request: IncomingMessage, producer: Producer<typeof thumbnails>): Promise<Answer> {
  if (request.method !== 'POST' || request.url !== '/thumbnails') return { status: 404, body: { error: 'not found' } }
  const task = thumbnails.payload.safeParse(await json(request).catch(() => undefined))
  if (!task.success) return { status: 400, body: { issues: task.error.issues } }
  try {
    const { messageId } = await producer.send(task.data)
    return { status: 202, body: { messageId } }
  } catch (error) {
    // Under one `messageId` it may even be stored already: doing it twice does no harm here.
    if (error instanceof PublishError) return { status: 503, body: { error: error.message } }
    console.error(error)
    return { status: 500, body: { error: 'the task could not be stored' } }
  }
}

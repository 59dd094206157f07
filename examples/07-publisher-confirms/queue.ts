import { text, workQueue } from 'leveret'
import { z } from 'zod'

export const confirmed = workQueue('publisher_confirms', { payload: z.string(), codec: text })

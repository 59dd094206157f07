import { workQueue } from 'leveret'
import { z } from 'zod'

export const emails = workQueue('emails', {
  payload: z.object({ to: z.email(), subject: z.string().min(1) }),
})

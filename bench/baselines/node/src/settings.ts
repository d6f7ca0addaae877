// The settings: environment variables, checked once at start.

import { z } from 'zod';

const schema = z.object({
  AUTH_JWT_SECRET: z.string().min(32),
  AUTH_ISSUER: z.string().min(1),
  AUTH_AUDIENCE: z.string().min(1),
  AUTH_LEEWAY_SECONDS: z.coerce.number().int().min(0).max(300).default(5),
  PROJECTS_TABLE: z.string().min(1),
  RATE_LIMIT_TABLE: z.string().min(1),
  RATE_LIMIT: z
    .string()
    .regex(/^\d+\/\d+s$/)
    .default('10/10s'),
});

// A template can't leave a variable out, so an empty one counts as not set.
const set = Object.entries(process.env).filter(([, value]) => value !== '');

export const settings = schema.parse(Object.fromEntries(set));

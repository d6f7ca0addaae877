// Rate limit of a user: a counter for each fixed window, one conditional UpdateItem a request.

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { dynamodb } from './dynamodb.js';
import { Refusal } from './refusal.js';
import { settings } from './settings.js';

const [requests = 10, seconds = 10] = settings.RATE_LIMIT.replace('s', '').split('/').map(Number);

/** Counts a request, and returns the RateLimit headers. */
export async function count(user: string): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1000);
  const window = Math.floor(now / seconds);
  const reset = seconds - (now % seconds);
  try {
    const { Attributes } = await dynamodb.send(
      new UpdateCommand({
        TableName: settings.RATE_LIMIT_TABLE,
        Key: { pk: `list-projects#${seconds}s#user#${user}#${window}` },
        UpdateExpression: 'ADD #current :one SET expiresAt = :expiry',
        ConditionExpression: 'attribute_not_exists(#current) OR #current < :limit',
        ExpressionAttributeNames: { '#current': 'current' },
        ExpressionAttributeValues: { ':one': 1, ':limit': requests, ':expiry': now + 2 * seconds },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    return headers(Number(Attributes?.['current']), reset);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    throw new Refusal(429, 'RATE_LIMITED', `Too many requests, try again in ${reset} s`, {
      ...headers(requests, reset),
      'retry-after': String(reset),
    });
  }
}

function headers(used: number, reset: number): Record<string, string> {
  return {
    'ratelimit-policy': `"default";q=${requests};w=${seconds}`,
    ratelimit: `"default";r=${Math.max(requests - used, 0)};t=${reset}`,
  };
}

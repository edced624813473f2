/*
 * The pattern of nest.ts with mutexes: nest ROUNDS. Prints the CPU
 * microseconds that the rounds have taken.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LANES 4
#define PAIRS 8
/* Steps of work while both locks are held. */
#define WORK 400

static pthread_mutex_t outer[PAIRS];
static pthread_mutex_t inner[PAIRS];
static volatile unsigned result;
static long rounds;

static unsigned work(unsigned seed) {
  for (int step = 0; step < WORK; step++) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
  }
  return seed;
}

static void *lane(void *number) {
  unsigned seed = 1 + (unsigned)(size_t)number;
  for (long round = 0; round < rounds; round++) {
    int pair = (int)((round + (long)(size_t)number) % PAIRS);
    pthread_mutex_lock(&outer[pair]);
    pthread_mutex_lock(&inner[pair]);
    seed = work(seed);
    pthread_mutex_unlock(&inner[pair]);
    pthread_mutex_unlock(&outer[pair]);
  }
  result = seed;
  return NULL;
}

int main(int count, char **arguments) {
  pthread_t threads[LANES];
  rounds = count > 1 ? atol(arguments[1]) / LANES : 0;
  for (int pair = 0; pair < PAIRS; pair++) {
    pthread_mutex_init(&outer[pair], NULL);
    pthread_mutex_init(&inner[pair], NULL);
  }
  clock_t begun = clock();
  for (size_t number = 0; number < LANES; number++) pthread_create(&threads[number], NULL, lane, (void *)number);
  for (int number = 0; number < LANES; number++) pthread_join(threads[number], NULL);
  printf("%.0f\n", (double)(clock() - begun) * 1e6 / CLOCKS_PER_SEC);
  return 0;
}

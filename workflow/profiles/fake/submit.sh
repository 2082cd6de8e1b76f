#!/bin/sh
# What sbatch does on a cluster: takes a job's script, returns at once, and prints the job's number.
sh "$1" >>.snakemake/fake.log 2>&1 &
echo $!

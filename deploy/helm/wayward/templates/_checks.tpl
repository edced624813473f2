{{/*
Combinations of values that cannot work, each with a sentence and the fix. What is wrong by itself (a word, a type, an
unknown name) is refused by values.schema.json before.
*/}}

{{- define "wayward.checks" -}}
{{- if eq .Values.mode "distributed" -}}
{{- include "wayward.checkBus" . -}}
{{- include "wayward.checkScaling" . -}}
{{- if and .Values.store.existingSecret (not .Values.store.bucket) -}}
{{- fail "store.existingSecret is set and store.bucket is not, so the trial store would be taken: set store.bucket" -}}
{{- end -}}
{{- else -}}
{{- include "wayward.checkAllInOne" . -}}
{{- end -}}
{{- include "wayward.checkDoors" . -}}
{{- include "wayward.checkUpgrade" . -}}
{{- end -}}

{{- define "wayward.checkBus" -}}
{{- if .Values.nats.enabled -}}
{{- if .Values.externalNats.servers -}}
{{- fail "externalNats.servers is set and so is nats.enabled: set nats.enabled to false, or leave externalNats.servers empty" -}}
{{- end -}}
{{- if eq (mod (int .Values.nats.replicas) 2) 0 -}}
{{- fail (printf "nats.replicas is %d: an even number of servers outlives no more than one fewer; set it to 1, 3 or 5" (int .Values.nats.replicas)) -}}
{{- end -}}
{{- $needed := include "wayward.streamMebibytes" . | int64 -}}
{{- $room := div (mul (include "wayward.mebibytes" .Values.nats.volume.size | int64) 7) 10 -}}
{{- if gt $needed $room -}}
{{- fail (printf "the streams set aside %d MiB (settings.partitions × settings.busBytes and 128 MiB), 70 %% of nats.volume.size (%s) are %d MiB: raise nats.volume.size to %dGi or lower settings.busBytes" $needed .Values.nats.volume.size $room (add1 (div (mul $needed 10) 7168))) -}}
{{- end -}}
{{- else if not .Values.externalNats.servers -}}
{{- fail "nats.enabled is false and externalNats.servers is empty: name your servers, such as nats://nats.bus:4222, or set nats.enabled to true" -}}
{{- else if and .Values.settings.requireDurable (not .Values.externalNats.monitor) -}}
{{- fail "settings.requireDurable is true and externalNats.monitor is empty, so nobody could tell whether NATS syncs: set externalNats.monitor to its monitoring port, or settings.requireDurable to false" -}}
{{- end -}}
{{- end -}}

{{- define "wayward.checkScaling" -}}
{{- range $part := list "ingest" "query" "stream" -}}
{{- $scale := (get $.Values $part).autoscaling -}}
{{- if and $scale.enabled (gt (int $scale.min) (int $scale.max)) -}}
{{- fail (printf "%s.autoscaling.min is %d and max is %d: max must not be less" $part (int $scale.min) (int $scale.max)) -}}
{{- end -}}
{{- if and $scale.enabled (not (dig "requests" "cpu" "" (get $.Values $part).resources)) -}}
{{- fail (printf "%s.autoscaling.enabled needs %s.resources.requests.cpu, of which cpuPercent is a share: set it" $part $part) -}}
{{- end -}}
{{- end -}}
{{- with .Values.archive -}}
{{- if and .keda.enabled (not .keda.prometheus) -}}
{{- fail "archive.keda.enabled is true and archive.keda.prometheus is empty: name it, such as http://prometheus.monitoring:9090" -}}
{{- end -}}
{{- $most := .keda.enabled | ternary .keda.max .replicas | int -}}
{{- if gt $most (int $.Values.settings.partitions) -}}
{{- fail (printf "archive would run %d pods for %d partitions (settings.partitions), and each partition is archived by one: set archive.%s to %d at most" $most (int $.Values.settings.partitions) (.keda.enabled | ternary "keda.max" "replicas") (int $.Values.settings.partitions)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "wayward.checkAllInOne" -}}
{{- $keep := include "wayward.mebibytes" .Values.allInOne.keep | int64 -}}
{{- $volume := include "wayward.mebibytes" .Values.allInOne.volume.size | int64 -}}
{{- if or (eq $keep 0) (gt (mul $keep 10) (mul $volume 9)) -}}
{{- fail (printf "allInOne.keep is %s on a volume of %s (allInOne.volume.size), which would fill: set keep to at most nine tenths of the volume, or make the volume larger" .Values.allInOne.keep .Values.allInOne.volume.size) -}}
{{- end -}}
{{- range list "ingest" "query" "stream" -}}
{{- if (get $.Values .).autoscaling.enabled -}}
{{- fail (printf "%s.autoscaling.enabled is true, and mode allInOne has one pod on one volume: set mode to distributed" .) -}}
{{- end -}}
{{- end -}}
{{- if .Values.store.bucket -}}
{{- fail "store.bucket is set, and mode allInOne keeps its archive on its own volume: set mode to distributed, or leave store.bucket empty" -}}
{{- end -}}
{{- end -}}

{{- define "wayward.checkDoors" -}}
{{- with .Values.tls -}}
{{- if and (not .enabled) (or .existingSecret .certManager.issuer .clientSecret) -}}
{{- fail (printf "tls.%s is set and tls.enabled is false, so nothing would speak TLS: set tls.enabled to true" (ternary (ternary "clientSecret" "certManager.issuer" (empty .certManager.issuer)) "existingSecret" (empty .existingSecret))) -}}
{{- end -}}
{{- if and .existingSecret .certManager.issuer -}}
{{- fail "tls.existingSecret and tls.certManager.issuer are both set: leave one empty" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.keys.existingSecret (not .Values.keys.enabled) -}}
{{- fail "keys.existingSecret is set and keys.enabled is false, so nobody would be asked for a key: set keys.enabled to true" -}}
{{- end -}}
{{- with .Values.monitoring -}}
{{- if and .serviceMonitor.enabled .podMonitor.enabled -}}
{{- fail "monitoring.serviceMonitor.enabled and monitoring.podMonitor.enabled are both true, so each pod would be counted twice: enable one" -}}
{{- end -}}
{{- $monitor := .serviceMonitor.enabled | ternary "serviceMonitor" (.podMonitor.enabled | ternary "podMonitor" "") -}}
{{- if and $monitor $.Values.networkPolicy.enabled (not $.Values.networkPolicy.metricsFrom) -}}
{{- fail (printf "monitoring.%s.enabled is true and networkPolicy.metricsFrom is empty, so the policies would let no Prometheus in: set networkPolicy.metricsFrom to the namespace of yours, such as [monitoring]" $monitor) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.grpcRoute.enabled (not .Values.grpcRoute.parentRefs) -}}
{{- fail "grpcRoute.enabled is true and grpcRoute.parentRefs is empty: name the Gateway, such as [{name: public, namespace: gateways}]" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- fail "ingress.enabled is true and ingress.host is empty: name the host, such as wayward.example.org" -}}
{{- end -}}
{{- end -}}

{{/* What an upgrade may not change, told before anything is changed. A render without a cluster finds nothing to compare. */}}
{{- define "wayward.checkUpgrade" -}}
{{- $name := include "wayward.partName" (dict "root" $ "part" "clients") -}}
{{- $found := lookup "v1" "ConfigMap" .Release.Namespace $name -}}
{{- with dig "metadata" "annotations" (dict) (default (dict) $found) -}}
{{- $mode := get . "wayward/mode" -}}
{{- if and $mode (ne $mode $.Values.mode) -}}
{{- fail (printf "this release runs in mode %s, and mode %s would not find its data: install a second release in mode %s in another namespace" $mode $.Values.mode $.Values.mode) -}}
{{- end -}}
{{- $partitions := get . "wayward/partitions" -}}
{{- if and $partitions (ne $partitions (toString $.Values.settings.partitions)) (eq $.Values.mode "distributed") -}}
{{- fail (printf "settings.partitions is %v, and this release's store is laid out for %s, which is fixed for its life: set settings.partitions to %s" $.Values.settings.partitions $partitions $partitions) -}}
{{- end -}}
{{- if and (eq $.Values.mode "distributed") $.Values.upgradeCheck.enabled -}}
{{- include "wayward.checkSecrets" $ -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The job before an upgrade would wait for a secret that is not there until its time is over, and could not say for what. */}}
{{- define "wayward.checkSecrets" -}}
{{- $nats := "externalNats.existingSecret" -}}
{{- if .Values.nats.enabled -}}
{{- $nats = empty .Values.nats.existingSecret | ternary "" "nats.existingSecret" -}}
{{- end -}}
{{- $store := "store.existingSecret" -}}
{{- if include "wayward.isTrialStore" . -}}
{{- $store = empty .Values.trialStore.existingSecret | ternary "" "trialStore.existingSecret" -}}
{{- end -}}
{{- $needed := dict (include "wayward.natsSecret" .) $nats (include "wayward.storeSecret" .) $store -}}
{{- range $volume, $secret := include "wayward.natsFiles" . | fromYaml -}}
{{- $_ := set $needed $secret (eq $volume "nats-tls" | ternary "externalNats.tlsSecret" "externalNats.credsSecret") -}}
{{- end -}}
{{- range $name, $value := omit $needed "" -}}
{{- if not (lookup "v1" "Secret" $.Release.Namespace $name) -}}
{{- if $value -}}
{{- fail (printf "%s names the secret %s, which is not in namespace %s: make it first, or set upgradeCheck.enabled to false where this upgrade makes it" $value $name $.Release.Namespace) -}}
{{- end -}}
{{- fail (printf "this upgrade makes the secret %s for a bus or a store of its own, which begins empty, so nobody can look at it before: what the present one holds stays there; to do it all the same set upgradeCheck.enabled to false" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

